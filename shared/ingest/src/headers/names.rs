//! The names under which common tools export known columns: VAN and NGP, Action Network, Hustle,
//! Spoke, `NationBuilder`, Salesforce, `HubSpot`, Mailchimp, Shopify, spreadsheets, and the phone
//! books of Google, Microsoft and Apple.

use crate::headers::Column;

/// Meanings of headers, and how good the name is, from 1; the best name of a file gets the column.
/// `canonical` is the header without case, spaces, underscores and hyphens.
pub fn recognised(canonical: &str) -> Option<(Column, u8)> {
    let name: String = canonical.chars().filter(|c| c.is_alphanumeric()).collect();
    person(&name).or_else(|| opt_out(&name))
}

fn person(name: &str) -> Option<(Column, u8)> {
    Some(match name {
        "firstname" | "first" | "givenname" | "fname" | "contactfirstname" | "nombre" => (Column::FirstName, 1),
        "votersfirstname" | "donorfirstname" | "billingfirstname" | "customerfirstname" | "attendeefirstname" => {
            (Column::FirstName, 2)
        }
        "lastname" | "last" | "surname" | "familyname" | "lname" | "contactlastname" | "apellido" => {
            (Column::LastName, 1)
        }
        "voterslastname" | "donorlastname" | "billinglastname" | "customerlastname" | "attendeelastname" => {
            (Column::LastName, 2)
        }
        "email" | "emailaddress" | "primaryemail" => (Column::Email, 1),
        "prefemail" | "preferredemail" | "personalemail" => (Column::Email, 2),
        "email1value" | "email1address" | "email1" => (Column::Email, 3),
        "donoremail" | "homeemail" | "can2email" => (Column::Email, 4),
        "postalcode" | "zip" | "zipcode" | "ziporpostal" | "postcode" | "can2userzipcode" | "zippostalcode"
        | "postalzipcode" => (Column::PostalCode, 1),
        "zip5" | "primaryzip" | "primarypostalcode" => (Column::PostalCode, 2),
        "homepostalcode" | "homezip" | "homeaddresspostalcode" | "homezippostalcode" => (Column::PostalCode, 3),
        "mailingpostalcode" | "mailingzip" | "mailingzippostalcode" | "mailingzipcode" | "mzip5" => {
            (Column::PostalCode, 4)
        }
        "address1postalcode"
        | "addresspostalcode"
        | "addresszip"
        | "primaryaddresszip"
        | "residenceaddresseszip"
        | "vzip5" => (Column::PostalCode, 5),
        "donorzip" | "billingzip" | "billingpostalcode" | "billingpostcode" | "defaultaddresszip" | "shippingzip" => {
            (Column::PostalCode, 6)
        }
        "notes" | "note" => (Column::Notes, 1),
        "tags" | "tag" => (Column::Tags, 1),
        "externalid" => (Column::ExternalId, 1),
        "voterfilevanid" => (Column::ExternalId, 2),
        "vanid" | "mycampaignid" | "mycampaignvanid" => (Column::ExternalId, 3),
        "nationbuilderid" => (Column::ExternalId, 4),
        "assignedagent" | "assignedagentemail" | "agentemail" | "assignedto" | "assignedtoemail" | "texteremail"
        | "assignedtexter" => (Column::AssignedAgent, 1),
        _ => return phone(name).map(|rank| (Column::Phone, rank)),
    })
}

/// Clearly a phone that gets texts, then the preferred one, then one of which nothing is said.
/// `HomePhone` and `WorkPhone` are custom fields: most of them are landlines. A file with two names
/// of one rank needs a guess, so that further names have ranks of their own.
fn phone(name: &str) -> Option<u8> {
    Some(match name {
        "cell" | "cellphone" | "cellphonenumber" | "cellnumber" | "mobile" | "mobilephone" | "mobilenumber"
        | "mobilephonenumber" | "smsphone" | "smsnumber" | "textphone" => 1,
        "smsphonenumber"
        | "textnumber"
        | "cellularphone"
        | "cellular"
        | "celular"
        | "phonemobile"
        | "phonecell"
        | "mobiletelephone"
        | "mobiletelephonenumber"
        | "votertelephonescellphoneformatted"
        | "iphone"
        | "mobileno"
        | "cellno" => 2,
        "prefphone" | "preferredphone" | "preferredphonenumber" => 3,
        "phone" | "phonenumber" | "telephone" | "telephonenumber" | "primaryphone" | "contactphone"
        | "contactphonenumber" => 4,
        "can2phone" => 5,
        "tel" | "number" | "phoneno" | "primaryphonenumber" => 6,
        "phone1value" => 7,
        "phone1" | "phonenumber1" => 8,
        "donorphone" | "billingphone" | "defaultaddressphone" | "attendeephone" | "customerphone" => 9,
        _ => return None,
    })
}

/// Columns that state opt-outs of texts (rule C17). Words on e-mail or calls are none, and a no to
/// an `Opt-In` without further words may be about either.
fn opt_out(name: &str) -> Option<(Column, u8)> {
    let names: [(&[&str], Column); 3] =
        [(&STATUSES, Column::OptOutStatus), (&OPT_OUTS, Column::OptOut), (&OPT_INS, Column::OptIn)];
    names.into_iter().find(|(names, _)| names.contains(&name)).map(|(_, column)| (column, 1))
}

/// How somebody stands to texts.
const STATUSES: [&str; 17] = [
    "can2smsstatus",
    "smsstatus",
    "smssubscriptionstatus",
    "smssubscription",
    "smsconsentstatus",
    "smsmarketingstatus",
    "smsoptinstatus",
    "smsoptoutstatus",
    "optinstatus",
    "optoutstatus",
    "textstatus",
    "textingstatus",
    "textoptinstatus",
    "phoneoptinstatus",
    "mobilestatus",
    "mobilesubscriptionstatus",
    "cellphoneoptinstatus",
];

/// Have they opted out of texts, or when?
const OPT_OUTS: [&str; 52] = [
    "optedout",
    "optout",
    "isoptedout",
    "hasoptedout",
    "optouts",
    "smsoptout",
    "smsoptedout",
    "smsoptouts",
    "textoptout",
    "textsoptout",
    "textoptedout",
    "optoutsms",
    "optouttext",
    "optedoutofsms",
    "optedoutoftexts",
    "hasoptedoutofsms",
    "hasoptedoutoftexts",
    "optoutofsms",
    "optoutoftexts",
    "donottext",
    "donotsms",
    "donotsendsms",
    "donotsendtexts",
    "donotcontact",
    "donttext",
    "dnt",
    "notexts",
    "notext",
    "nosms",
    "notextmessages",
    "istextoptout",
    "unsubscribed",
    "isunsubscribed",
    "smsunsubscribed",
    "unsubscribedfromsms",
    "unsubscribedfromtexts",
    "mobileoptout",
    "mobileoptedout",
    "celloptout",
    "cellphoneoptout",
    "phoneoptout",
    "optedoutat",
    "optoutat",
    "optoutdate",
    "optedoutdate",
    "optedouton",
    "smsoptoutdate",
    "smsoptedoutat",
    "smsoptouttime",
    "unsubscribedat",
    "smsunsubscribedat",
    "smsdonotcontact",
];

/// Do they want texts?
const OPT_INS: [&str; 25] = [
    "smsoptin",
    "smsoptedin",
    "textoptin",
    "textoptedin",
    "optinsms",
    "optedintosms",
    "optedintotexts",
    "mobileoptin",
    "mobileoptedin",
    "celloptin",
    "cellphoneoptin",
    "phoneoptin",
    "smsconsent",
    "textconsent",
    "consenttotext",
    "smspermission",
    "acceptssms",
    "acceptssmsmarketing",
    "smsmarketingconsent",
    "oktotext",
    "cantext",
    "smssubscribed",
    "subscribedtosms",
    "receivesms",
    "receivetexts",
];
